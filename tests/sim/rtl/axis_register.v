module axis_register #(parameter W = 1024) (
    input host_clk, input host_rst,
    input [W-1:0] s_axis_tdata, input [W/8-1:0] s_axis_tkeep, input s_axis_tlast, input s_axis_tuser,
    input s_axis_tvalid, output s_axis_tready,
    output reg [W-1:0] m_axis_tdata, output reg [W/8-1:0] m_axis_tkeep, output reg m_axis_tlast,
    output reg m_axis_tuser, output reg m_axis_tvalid, input m_axis_tready);
  assign s_axis_tready = m_axis_tready || !m_axis_tvalid;
  always @(posedge host_clk)
    if (host_rst) m_axis_tvalid <= 0;
    else if (s_axis_tready) begin
      m_axis_tvalid <= s_axis_tvalid; m_axis_tdata <= s_axis_tdata; m_axis_tkeep <= s_axis_tkeep;
      m_axis_tlast <= s_axis_tlast; m_axis_tuser <= s_axis_tuser;
    end
endmodule
