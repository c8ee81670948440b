"""Timing constraints (SDC) of a top: its clocks and its crossings."""

from ..config import LinkConfig

__all__ = ["clock_periods", "constraints"]


def clock_periods(config: LinkConfig) -> dict[str, float]:
    """Period of each clock domain, ns."""
    core, bit = 1000 / config.core_clock_mhz, 1000 / config.bit_clock_mhz
    return {"host": 1000 / config.host_clock, "tx": core, "rx": core, "tx_bit": bit, "rx_bit": bit,
            "cmis": 1000 / config.cmis_clock_mhz}


def constraints(name: str, ports: list[dict], config: LinkConfig) -> str:
    """The SDC of module `name`, with `ports` as in the manifest."""
    periods = clock_periods(config)
    domains = [port["clock"] for port in ports if port["role"] == "clock"]
    lines = [f"# {name}: clocks and crossings, times in ns", ""]
    for domain in domains:
        lines.append(f"create_clock -name {domain} -period {periods[domain]:.4f} "
                     f"[get_ports {domain}_clk]")
    lines += ["",
              "# Every crossing goes through a queue with Gray-coded pointers, a ring with one, or",
              "# two flip-flops. What crosses must arrive within a period of the faster clock, so",
              "# that the bits of a pointer stay together; there is no relation of edges to hold."]
    for source in domains:
        for target in domains:
            if source != target:
                limit = min(periods[source], periods[target])
                lines += [f"set_max_delay {limit:.4f} -from [get_clocks {source}] "
                          f"-to [get_clocks {target}]",
                          f"set_false_path -hold -from [get_clocks {source}] "
                          f"-to [get_clocks {target}]"]
    lines += ["", "# Ports: a third of the period outside."]
    for port in ports:
        if port["role"] in ("clock", "reset") or not port["width"]:
            continue
        kind = "input" if port["direction"] == "input" else "output"
        lines.append(f"set_{kind}_delay {periods[port['clock']] / 3:.4f} -clock {port['clock']} "
                     f"[get_ports {port['name']}{'*' if port['width'] > 1 else ''}]")
    return "\n".join(lines) + "\n"
