"""Two parties and a bad network between them: messages come late, twice, in another order or never.

A side writes its exchange down after every step, so each step is one after a restart.
"""

from contextlib import suppress

from didcomm_support import AT
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from protocol_support import altered, later

from node.didcomm.errors import ProtocolError
from node.didcomm.protocols.exchange import FINAL
from node.didcomm.protocols.step import Abandon, Elapsed, Retry

PLACES = st.integers(0, 50)
ROUNDS = 30


class BadNetwork(RuleBasedStateMachine):
    """What both credential protocols have in common; a subclass says who they are and what they decide."""

    def __init__(self):
        super().__init__()
        self.sides = self.parties()
        self.flying = []
        self.sent = []
        self.abandoned = False
        self.send(self.first())

    def parties(self):
        raise NotImplementedError

    def first(self):
        raise NotImplementedError

    def decide(self, side):
        """What this party would do now, as an event, or None."""
        raise NotImplementedError

    def anything(self):
        """All that anybody could decide, whether it fits or not."""
        raise NotImplementedError

    def check(self):
        raise NotImplementedError

    def send(self, messages):
        self.flying += messages
        self.sent += messages

    def arrive(self, message, at=AT):
        self.send(self.sides[str(message.to[0].did)].take(message, at=at))
        self.check()

    def act(self, side, event, at=AT):
        if side.rows:
            self.send(side.do(event, at=at))
            self.check()

    @initialize(steps=st.sampled_from((0, 2, 3, 3, 4, 4)))
    def begin_well(self, steps):
        """It went well for a while; all that was said is still on its way a second time."""
        for _ in range(steps):
            self.arrive(self.flying[-1])
            for side in self.sides.values():
                event = self.decide(side) if side.rows else None
                if event is not None:
                    self.act(side, event)
                    break

    @rule(place=PLACES, stays=st.booleans())
    def deliver(self, place, stays):
        if self.flying:
            place %= len(self.flying)
            self.arrive(self.flying[place] if stays else self.flying.pop(place))

    @rule(place=PLACES)
    def lose(self, place):
        if self.flying:
            self.flying.pop(place % len(self.flying))

    @rule(which=st.booleans())
    def go_on(self, which):
        side = [*self.sides.values()][which]
        event = self.decide(side) if side.rows else None
        if event is not None:
            self.act(side, event)
            with suppress(ProtocolError):  # a second click
                self.act(side, event)

    @rule(which=st.booleans(), what=PLACES)
    def press(self, which, what):
        """Somebody decides what does not fit, or once more what they decided."""
        side, events = [*self.sides.values()][which], self.anything()
        event = events[what % len(events)]
        with suppress(ProtocolError):
            self.act(side, event)
            self.abandoned |= side.rows != {} and side.state == "abandoned"

    @rule(place=PLACES, name=st.integers(0, 3))
    def rename(self, place, name):
        """A party that starts again without its memory says the same under another id."""
        if self.flying:
            message = self.flying[-1 - place % len(self.flying)]
            self.abandoned = True
            self.arrive(message)
            self.arrive(altered(message, id=f"renamed-{name}"))

    @rule(which=st.booleans())
    def ask_again(self, which):
        self.act([*self.sides.values()][which], Retry())

    @precondition(lambda self: len(self.flying) < 20)
    @rule(which=st.booleans(), sure=st.integers(0, 3))
    def give_up(self, which, sure):
        side = [*self.sides.values()][which]
        if sure == 0 and side.rows and side.state not in FINAL:
            self.abandoned = True
            self.act(side, Abandon())

    def teardown(self):
        """However it went: it comes to an end, and to a good one where nobody gave up."""
        for _ in range(ROUNDS):
            flying, self.flying = self.flying[-4:], []
            for message in flying:
                self.arrive(message)
            for side in self.sides.values():
                event = self.decide(side) if side.rows else None
                self.act(side, event if event is not None else Retry())
        states = {side.state for side in self.sides.values() if side.rows}
        if not self.abandoned:
            assert states == {"done"}
        for side in self.sides.values():
            with suppress(IndexError):
                self.act(side, Elapsed(), at=later(days=60))
            assert not side.rows or side.state in FINAL
