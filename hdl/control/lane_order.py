"""Which lane goes to which place: reads the identities in turn and keeps the sorter right."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["LaneOrder"]


class LaneOrder(wiring.Component):
    """Gives every physical lane a place, in rounds without end, and tells which places lack a lane.

    A live lane goes to the place that its identity names. The places left over go to the other
    lanes, so the sorter always has a permutation. The sorter gets a new order only if it differs.

    Parameters
    ----------
    lanes : int
        Physical lanes, and places.
    code_lanes : int
        Places that a word needs, the first ones.

    Members
    -------
    turn : in, 0..lanes-1; live : 1 bit, in; identity : 11 bits, in
        The lanes in turn, one per cycle: number, whether it is good, and what it says it is.
    served, leave : 1 bit, in
        Of `identity`: it has been given to a spare; and the lane that says so now does it wrongly.
        Such a lane is not believed as long as it says the same and `served` holds.
    tags : `lanes` bits, out; tag, first, commit : 1 bit, out
        To the sorter.
    commit_out : 1 bit, in
        From the sorter.
    done : 1 bit, out
        Pulses after each round; what follows is new.
    present : `lanes` bits, out
        Places that have a live lane.
    lost : out, 0..code_lanes
        Places of the code that have none.
    doubled : 1 bit, out
        A live lane had the identity of another, or one out of range.
    shunned : `lanes` bits, out
        Lanes that are not believed.

    Time of a round: 3·lanes + 4 cycles at most, and with a new order the bits of a number and the
    sorter's latency + 3.
    """

    turn: Signal
    live: Signal
    identity: Signal
    served: Signal
    leave: Signal
    tags: Signal
    tag: Signal
    first: Signal
    commit: Signal
    commit_out: Signal
    done: Signal
    present: Signal
    lost: Signal
    doubled: Signal
    shunned: Signal

    def __init__(self, *, lanes: int, code_lanes: int):
        if not 1 <= code_lanes <= lanes:
            raise ValueError(f"code_lanes must be 1 to {lanes}, not {code_lanes}")
        self._lanes, self._code_lanes = lanes, code_lanes
        super().__init__({
            "turn": In(range(lanes)), "live": In(1), "identity": In(11),
            "served": In(1), "leave": In(1),
            "tags": Out(lanes), "tag": Out(1), "first": Out(1), "commit": Out(1),
            "commit_out": In(1), "done": Out(1), "present": Out(lanes),
            "lost": Out(range(code_lanes + 1)), "doubled": Out(1),
            "shunned": Out(lanes),
        })

    def elaborate(self, platform):
        m = Module()
        lanes, code_lanes = self._lanes, self._code_lanes
        bits = max(1, (lanes - 1).bit_length())

        # Each lane's place, shown to the sorter most significant bit first by turning it around.
        places = [Signal(bits, name=f"place{lane}", reset_less=True) for lane in range(lanes)]
        settled = Signal(lanes)         # lanes whose place this round is known
        taken = Signal(lanes)           # places that a live lane has
        shunned = self.shunned
        lane = Signal(range(lanes))
        place = Signal(range(lanes))
        left = Signal(range(bits + 1))
        fresh = Signal()                # the sorter must be told
        known = Signal()                # it has been told once
        doubled = Signal()
        lost = Signal.like(self.lost)

        chosen = Signal(bits)
        choose = Signal()
        # One-hot, as a choice of one bit of many costs the exporter as much as all of them.
        turns = [Signal(name=f"turn{number}") for number in range(lanes)]
        this_lane, this_place = Cat(turns), Signal(lanes)
        m.d.comb += [this_lane.eq(Const(1, lanes) << lane),
                     this_place.eq(Const(1, lanes) << chosen)]
        before = data.View(data.ArrayLayout(bits, lanes), Cat(places))[lane]
        with m.If(choose):
            for own_turn, entry in zip(turns, places, strict=True):
                with m.If(own_turn):
                    m.d.sync += entry.eq(chosen)
            with m.If((before != chosen) | ~known):
                m.d.sync += fresh.eq(1)

        strobes = Signal(3)
        m.d.sync += [Cat(self.tag, self.first, self.commit).eq(strobes), self.done.eq(0),
                     self.tags.eq(Cat(entry[-1] for entry in places))]
        with m.FSM():
            with m.State("WAIT"):
                # Waits for the last lane's turn.
                m.d.sync += [settled.eq(0), taken.eq(0), lane.eq(0), place.eq(0), doubled.eq(0),
                             lost.eq(0), left.eq(bits)]
                with m.If(self.turn == lanes - 1):
                    m.next = "READ"
            with m.State("READ"):
                # Each lane in turn.
                m.d.comb += chosen.eq(self.identity)
                unique = Signal()
                m.d.comb += unique.eq(
                    (self.identity < lanes) & ~taken.bit_select(self.identity[:bits], 1))
                shun = Signal()
                m.d.comb += shun.eq(self.live & (self.leave | (
                    self.served & shunned.bit_select(lane, 1))))
                m.d.sync += shunned.eq(Mux(shun, shunned | this_lane, shunned & ~this_lane))
                with m.If(self.live & ~shun):
                    m.d.sync += doubled.eq(doubled | ~unique)
                    with m.If(unique):
                        m.d.comb += choose.eq(1)
                        m.d.sync += [taken.eq(taken | this_place), settled.eq(settled | this_lane)]
                with m.If(lane == lanes - 1):
                    m.d.sync += lane.eq(0)
                    m.next = "FILL"
                with m.Else():
                    m.d.sync += lane.eq(lane + 1)
            with m.State("FILL"):
                # The lanes left over go to the places left over; both run upwards.
                m.d.comb += chosen.eq(place)
                with m.If(settled.bit_select(lane, 1)):
                    with m.If(lane == lanes - 1):
                        m.next = "COUNT"
                    m.d.sync += lane.eq(lane + 1)
                with m.Else():
                    with m.If(taken.bit_select(place, 1)):
                        m.d.sync += place.eq(place + 1)
                    with m.Else():
                        m.d.comb += choose.eq(1)
                        m.d.sync += [settled.eq(settled | this_lane), place.eq(place + 1)]
                        with m.If(place < code_lanes):
                            m.d.sync += lost.eq(lost + 1)
            with m.State("COUNT"):
                # The last choice counts, too.
                with m.If(fresh):
                    m.next = "SORT"
                with m.Else():
                    m.next = "TELL"
            with m.State("SORT"):
                # Waits for the last bit of the numbers to enter the sorter.
                m.d.comb += strobes.eq(Cat(left != 0, left == bits, left == 0))
                m.d.sync += left.eq(left - 1)
                with m.If(left == 0):
                    m.next = "COMMIT"
                with m.Else():
                    m.d.sync += [entry.eq(entry.rotate_left(1)) for entry in places]
            with m.State("COMMIT"):
                # Waits for the data to go the new way.
                m.d.sync += [fresh.eq(0), known.eq(1)]
                with m.If(self.commit_out):
                    m.next = "TELL"
            with m.State("TELL"):
                m.d.sync += [self.present.eq(taken), self.lost.eq(lost),
                             self.doubled.eq(doubled), self.done.eq(1)]
                m.next = "WAIT"
        return m
