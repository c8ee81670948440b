"""A register map as SystemRDL 2.0, which other tools make pages, headers and models of."""

from .description import BANK_BYTES, Access, Bank, Field, Register, RegisterMap

__all__ = ["system_rdl"]

_PROPERTIES = {
    Access.READ_WRITE: "sw=rw; hw=r;",
    Access.STATUS: "sw=r; hw=w;",
    Access.CONSTANT: "sw=r; hw=na;",
    Access.COUNTER: "sw=r; hw=w;",
    Access.SNAPSHOT: "sw=w; hw=r; singlepulse;",
    Access.FLAG: "sw=rw; hw=w; woclr; stickybit;",
    Access.PULSE: "sw=w; hw=r; woset;",
    Access.WINDOW: "sw=rw; hw=rw;",
}

_NOTES = {
    Access.COUNTER: " As it was at the last snapshot.",
    Access.FLAG: " A 1 clears it.",
    Access.WINDOW: " Kept outside of the bank.",
}

_KEYWORDS = frozenset(
    "abstract accesstype addressingtype addrmap alias all alternate bit boolean bothedge byte "
    "compact component componentwidth constraint default encode enum external false field "
    "fullalign hw inside int internal level longint mem na negedge nonsticky number onreadtype "
    "onwritetype posedge precedencetype property r rclr real ref reg regalign regfile rset ruser "
    "rw rw1 shortint shortreal signal signed string struct sw this true type unsigned w w1 wclr "
    "with within woclr woset wot wr wset wuser wzc wzs wzt".split())


def system_rdl(registers: RegisterMap) -> str:
    """The text of a file with one `addrmap`, and in it a `regfile` per bank."""
    lines = [f"// Registers of {registers.name}. Written by Lampyris; do not edit.", ""]
    for bank in registers.banks:
        for register in bank.registers:
            for entry in register.fields:
                if entry.values:
                    lines += _enumeration(_enum_name(bank, register, entry), entry)
    lines += [f"addrmap {_id(registers.name)} {{",
              f'  name = "{registers.name}";', f'  desc = "{registers.text}";',
              "  default regwidth = 32;", "  default accesswidth = 32;"]
    for number, bank in enumerate(registers.banks):
        lines += ["", "  regfile {",
                  f'    name = "Bank {bank.name}";', f'    desc = "{bank.text}";']
        for register in bank.registers:
            lines += _register(bank, register)
        lines.append(f"  }} {_id(bank.name)} @ {number * BANK_BYTES:#x};")
    return "\n".join([*lines, "};"]) + "\n"


def _id(name: str) -> str:
    return f"\\{name}" if name in _KEYWORDS else name


def _enum_name(bank: Bank, register: Register, entry: Field) -> str:
    return f"{bank.name}_{register.name}_{entry.name}_values"


def _enumeration(name: str, entry: Field) -> list[str]:
    values = [f"  {_id(value)} = {entry.width}'d{number};"
              for value, number in entry.values.items()]
    return [f"enum {name} {{", *values, "};", ""]


def _register(bank: Bank, register: Register) -> list[str]:
    lines = ["    reg {", f'      name = "{register.name}";', f'      desc = "{register.text}";']
    for entry in register.fields:
        parts = [_PROPERTIES[entry.access]]
        if entry.access in (Access.READ_WRITE, Access.CONSTANT, Access.FLAG, Access.PULSE,
                            Access.SNAPSHOT):
            parts.append(f"reset = {entry.width}'h{entry.reset:x};")
        if entry.values:
            parts.append(f"encode = {_enum_name(bank, register, entry)};")
        lines += [f'      field {{ {" ".join(parts)}',
                  f'        desc = "{entry.text}{_NOTES.get(entry.access, "")}";',
                  f"      }} {_id(entry.name)}[{entry.low + entry.width - 1}:{entry.low}];"]
    return [*lines, f"    }} {_id(register.name)} @ {register.address:#x};"]
