"""Lampyris: an RTL generator for Micro-LED optical links.

The data path, a line per stage; `transmitter.py` and `receiver.py` wire it in this order. Bits and
fields are those of `docs/link-format.md`, clocks and latencies those of `docs/architecture.md`.

::

    host clock    s_axis ─> stream.axi            AXI4-Stream to beats
                            stream.resize         beats of one block's width
                            framing.encapsulator  packets to blocks, a check after each
                            stream.crossing       queue
    tx clock                framing.framer        blocks to frames of words, idle blocks, seed base
                            framing.transmit_lane one per lane: scramble, insert the marker
                            striping.sorter       logical to physical lanes
                            lane.output_lane      one per lane: output register, test pattern
                            driver.control        not yet in a top: current of each LED
    tx_bit clock            lane.serializer       serial view only: a bit or two per lane
                            ─> lane_tx_data

    rx_bit clock  lane_rx_data
                  ─>        lane.serializer       serial view only: the deserializer
    rx clock                lane.sampler          one per lane, with `sampling`: samples to symbols
                            lane.receive_lane     one per lane: symbol boundaries, marker lock,
                                                  polarity, descrambling, deskew buffer
                            striping.deskew       reads all lanes' buffers at the same place
                            striping.sorter       physical to logical lanes
                            framing.word_gate     which words belong to blocks
                            framing.block_receiver  words to blocks, idle ones dropped
                            stream.crossing       receive queue
    host clock              framing.decapsulator  blocks to packets, each one checked
                            stream.packet_store   one-way links only: whole packets or none
                            stream.resize
                            stream.axi ─> m_axis

`control` holds what steers this: lane map, link state, lane status, counters. `optics` goes round
the comparators of all lanes, `driver` round their LEDs; `array_training` and `lane_drivers` are
what a link has of them. `cmis` is a module's management by I2C, `cmis_link` what a link has of it,
with `lane_summaries` and `lane_records` on the way to a lane's record. `config` describes a link,
`geometry` its sizes, `transceiver` the three tops, `managed` those with registers, and `export`
writes them as Verilog.
"""
