// A module on its bus: wires with pull-ups, power and light that obey at once, and lanes whose
// records are functions of their number and of what the bench has set.
module cmis_board(clk, rst, scl_o, sda_o, scl, sda, interrupt_low, low_power_pin, temperature,
    supply, fault_cause, obey, link_up, dark, tx_fault, down_reason, sample, errors, bits,
    locked, dead, spared, worst, worst_errors, loopback, power, prepare, light);
  parameter LANES = 20;
  parameter LANE_BITS = 5;
  input clk, rst, scl_o, sda_o, low_power_pin, obey, link_up, dark, tx_fault, sample;
  input [15:0] temperature, supply;
  input [7:0] fault_cause, down_reason;
  input [31:0] errors, bits, worst_errors;
  input [LANES-1:0] locked, dead, spared;
  input [LANE_BITS-1:0] worst;
  output scl, sda, interrupt_low, loopback, power, prepare, light;

  wire scl_low, sda_low, ask;
  wire [LANE_BITS-1:0] lane;
  assign scl = scl_o & ~scl_low;
  assign sda = sda_o & ~sda_low;

  reg powered = 0, prepared = 0, lit = 0, answer = 0;
  reg [154:0] record = 0;
  wire [15:0] number = lane;
  wire [31:0] wrong = lane == worst ? worst_errors : 32'd37 * number * number;
  always @(posedge clk) begin
    if (obey) begin
      powered <= power;
      prepared <= prepare;
      lit <= light;
    end
    answer <= ask & ~answer;
    record <= {32'd40000000, wrong, 8'd200 - number[7:0], number[7:0] & 8'd3,
               16'd20 + number, 16'h3000 + number, 16'h0100 ^ number, 16'hFFFF - number,
               number[7:0] * 8'd3, spared[lane], dead[lane], locked[lane]};
  end

  lampyris_cmis module_under_test (
    .clk(clk), .rst(rst), .scl(scl), .sda(sda), .scl_low(scl_low), .sda_low(sda_low),
    .interrupt_low(interrupt_low), .low_power_pin(low_power_pin), .temperature(temperature),
    .supply(supply), .fault_cause(fault_cause), .power(power), .powered(powered),
    .prepare(prepare), .prepared(prepared), .light(light), .lit(lit), .loopback(loopback),
    .link_up(link_up), .dark(dark), .tx_fault(tx_fault), .down_reason(down_reason),
    .sample(sample), .errors(errors), .bits(bits), .lane(lane), .ask(ask), .answer(answer),
    .record(record));
endmodule
