module counting_lane(rst, i, step, o, wide, wider, clk);
  input clk;
  input rst;
  input [6:0] i;
  input [39:0] step;
  output [6:0] o;
  output [63:0] wide;
  output [68:0] wider;
  reg [6:0] o = 3;
  reg [63:0] sum = 0;
  assign wider = {o[4:0], ~sum};
  assign wide = sum ^ 64'h8000000000000001;
  always @(posedge clk) begin
    o <= i + 7'd1;
    sum <= rst ? 64'd0 : sum * 64'd5 + {24'd0, step};
  end
endmodule
