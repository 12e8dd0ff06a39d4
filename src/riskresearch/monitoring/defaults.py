"""Default scenarios of dunning."""

from riskresearch.monitoring.rules import Step

SCENARIOS: tuple[Step, ...] = (
    Step(segment_code="reliable", day=5, action_code="reminder", level=1),
    Step(segment_code="reliable", day=15, action_code="reminder", level=3),
    Step(segment_code="reliable", day=30, action_code="call", level=3),
    Step(segment_code="reliable", day=45, action_code="formal_notice", level=5),
    Step(segment_code="reliable", day=60, action_code="decide", level=5),
    Step(segment_code="to_watch", day=-10, action_code="statement", level=1, minimum_amount=10_000),
    Step(segment_code="to_watch", day=-3, action_code="reminder", level=1),
    Step(segment_code="to_watch", day=1, action_code="reminder", level=1),
    Step(segment_code="to_watch", day=5, action_code="call", level=2),
    Step(segment_code="to_watch", day=10, action_code="reminder", level=3),
    Step(segment_code="to_watch", day=15, action_code="warning", level=4),
    Step(segment_code="to_watch", day=30, action_code="formal_notice", level=5),
    Step(segment_code="to_watch", day=45, action_code="collection", level=5),
    Step(segment_code="to_watch", day=60, action_code="legal", level=5),
    Step(segment_code="risky", day=-10, action_code="call", level=1),
    Step(segment_code="risky", day=-3, action_code="call", level=2),
    Step(segment_code="risky", day=1, action_code="call", level=2),
    Step(segment_code="risky", day=5, action_code="reminder", level=3),
    Step(segment_code="risky", day=10, action_code="delivery_stop", level=4),
    Step(segment_code="risky", day=15, action_code="formal_notice", level=5),
    Step(segment_code="risky", day=30, action_code="collection", level=5),
    Step(segment_code="risky", day=45, action_code="legal", level=5),
    Step(segment_code="risky", day=60, action_code="legal", level=5),
    Step(segment_code="defaulted", day=1, action_code="formal_notice", level=5),
    Step(segment_code="defaulted", day=10, action_code="legal", level=5),
    Step(segment_code="new", day=-7, action_code="call", level=1),
)
"""Source: domain note C8 (a judgement with sourced facts); `defaulted` and `new` from C3, their days a judgement.

Where the note has a mail and a call the stronger of both stands here; its `decision committee` is ``decide``.
"""
