"""Registers: a description in plain Python, and the hardware that follows from it.

::

    bus ─> axi_lite / wishbone   a bus cycle to one access
           fabric                the bank by the address
           stream.word_exchange  to the bank's clock domain and back, with a time-out
           bank                  one per clock domain: fields from and to plain signals

`description` has what a register is, `access` what travels, `fabric` all of the above but the bus.
`blocks` joins registers with the signals of the design, `indexed` keeps a word per lane behind an
index register. docs/registers.md has the rules.
"""
