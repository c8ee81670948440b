// Five equal lanes in a row, with an output that shows all of them.
module counting_lanes(clk, rst, i, step, o, wide);
  input clk;
  input rst;
  input [6:0] i;
  input [39:0] step;
  output [6:0] o;
  output [63:0] wide;
  wire [6:0] o0, o1, o2, o3;
  wire [63:0] wide0, wide1, wide2, wide3, wide4;
  wire [68:0] wider0, wider1, wider2, wider3, wider4;
  assign wide = wide0 ^ {wide1[62:0], wide1[63]} ^ (wide2 >> 3) ^ (wide3 << 7)
    ^ wider0[68:5] ^ {wider1[31:0], wider2[36:5]} ^ wider3[63:0] ^ wider4[65:2] ^ wide4;
  counting_lane lane0 (
    .clk(clk), .rst(rst), .i(i), .step(step), .o(o0), .wide(wide0), .wider(wider0));
  counting_lane lane1 (
    .clk(clk), .rst(rst), .i(o0), .step(wide0[39:0]), .o(o1), .wide(wide1), .wider(wider1));
  counting_lane lane2 (
    .clk(clk), .rst(rst), .i(o1), .step(wide1[63:24]), .o(o2), .wide(wide2), .wider(wider2));
  counting_lane lane3 (
    .clk(clk), .rst(rst), .i(o2), .step(~step), .o(o3), .wide(wide3), .wider(wider3));
  counting_lane lane4 (
    .clk(clk), .rst(rst), .i(o3), .step(wide3[39:0]), .o(o), .wide(wide4), .wider(wider4));
endmodule
