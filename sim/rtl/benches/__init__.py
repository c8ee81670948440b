"""cocotb benches for the exported Verilog, run by `lampyris.sim.rtl.runner`."""
