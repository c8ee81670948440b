// Ports of lampyris_transceiver (4 lanes of 8 bits, 128-bit host), with next to nothing inside: the
// host side is a register, the lanes carry a counter, and the link is up once they come back.
module lampyris_transceiver (
    input host_clk, input host_rst, input tx_clk, input tx_rst, input rx_clk, input rx_rst,
    input [127:0] s_axis_tdata, input [15:0] s_axis_tkeep, input s_axis_tlast, input s_axis_tuser,
    input s_axis_tvalid, output s_axis_tready,
    output reg [127:0] m_axis_tdata, output reg [15:0] m_axis_tkeep, output reg m_axis_tlast,
    output reg m_axis_tuser, output reg m_axis_tvalid, input m_axis_tready,
`ifdef SERIAL
    input tx_bit_clk, input tx_bit_rst, input rx_bit_clk, input rx_bit_rst,
    output [3:0] lane_tx_data, input [3:0] lane_rx_data,
`else
    output [31:0] lane_tx_data, input [31:0] lane_rx_data, input [3:0] lane_rx_valid,
`endif
    input [7:0] lane_map, input [15:0] seed, input [2:0] prbs_select, input loopback,
    output reg link_up, output [3:0] down_reason);
  // +FAULT=1 flips a bit, 2 loses a beat, 3 never comes up, 4 goes down now and then,
  // 5 loses a packet, 6 stops.
  reg [31:0] fault;
  initial if (!$value$plusargs("FAULT=%d", fault)) fault = 0;
  assign down_reason = 4'd9;
  assign s_axis_tready = (m_axis_tready || !m_axis_tvalid) && !(fault == 6 && beats == 16'd100);
  reg [15:0] beats;
  reg [4:0] packets;
  wire broken = fault == 1 && beats == 16'd100;
  always @(posedge host_clk)
    if (host_rst) begin m_axis_tvalid <= 0; beats <= 0; packets <= 0; end
    else if (s_axis_tready) begin
      if (s_axis_tvalid) beats <= beats + 1;
      if (s_axis_tvalid && s_axis_tlast) packets <= packets + 1;
      m_axis_tvalid <= s_axis_tvalid && !(fault == 2 && beats == 16'd100)
        && !(fault == 5 && packets == 5'd7);
      m_axis_tdata <= s_axis_tdata ^ {127'd0, broken};
      m_axis_tkeep <= s_axis_tkeep; m_axis_tlast <= s_axis_tlast;
      m_axis_tuser <= s_axis_tlast ? s_axis_tuser : !s_axis_tuser;
    end
  reg [31:0] state;
`ifdef SERIAL
  wire lane_tx_clk = tx_bit_clk, lane_rx_clk = rx_bit_clk;
  assign lane_tx_data = state[31:28];
  wire alive = lane_rx_data != 0 && lane_rx_data != 4'hF;
`else
  wire lane_tx_clk = tx_clk, lane_rx_clk = rx_clk;
  assign lane_tx_data = state;
  wire alive = &lane_rx_valid && lane_rx_data != 0;
`endif
  always @(posedge lane_tx_clk)
    if (tx_rst) state <= 32'h01020304 + {16'd0, seed} + {24'd0, lane_map};
    else state <= state * 32'd1664525 + 32'd1013904223;
  reg [7:0] seen;
  always @(posedge lane_rx_clk)
    if (rx_rst) begin link_up <= 0; seen <= 0; end
    else if (fault != 3 && alive) begin
      seen <= seen + 1;
      if (&seen) link_up <= 1;
      if (fault == 4 && link_up && &seen) link_up <= 0;
    end
endmodule
