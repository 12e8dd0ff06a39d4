"""The rules of the scenarios once more, one item at a time, as they are told in words."""

FIRMNESS = (
    "statement",
    "reminder",
    "call",
    "warning",
    "delivery_stop",
    "formal_notice",
    "collection",
    "legal",
    "decide",
)


def next_step(*, days_late, amount, steps, acts, settings):
    """Return action, day of its step (None where there is none) and days until it, for an item nothing interrupts.

    Parameters
    ----------
    days_late : days past due today
    amount : open amount
    steps : steps of the item's scenario by day
    acts : (days past due, action, names this item alone) in order of date
    settings : of the stage
    """
    settled, behind = set(), -1
    for action in {act[1] for act in acts}:
        own_steps = [k for k, step in enumerate(steps) if step.action_code == action]
        done, timely = _settled_by([act for act in acts if act[1] == action], steps, own_steps)
        settled |= done
        behind = max([behind, *timely])
        if FIRMNESS.index(action) >= FIRMNESS.index("warning"):
            settled |= {k for k, step in enumerate(steps) if FIRMNESS.index(step.action_code) < FIRMNESS.index(action)}
    waits = [late + settings.answer_days.get(action, settings.step_gap_days) for late, action, _ in acts]
    earliest = max([days_late, *waits])
    left = [k for k, step in enumerate(steps) if k > behind and k not in settled and amount >= step.minimum_amount]
    come = [k for k in left if steps[k].day <= earliest]
    if not left:
        return "decide", None, max(earliest, 1) - days_late
    if not come:
        return steps[left[0]].action_code, steps[left[0]].day, steps[left[0]].day - days_late
    return _not_too_firm(steps[come[-1]].action_code, acts), steps[come[-1]].day, earliest - days_late


def _settled_by(acts, steps, own_steps):
    """Steps of one kind that acts of that kind settle, one after the other, and those settled in their time."""
    done, timely, at = set(), set(), -1
    for late, _, own in acts:
        come = [n for n, k in enumerate(own_steps) if steps[k].day <= late]
        if come and come[-1] > at:
            at = come[-1]
            timely.add(own_steps[at])
        elif own and at + 1 < len(own_steps):
            k = own_steps[at + 1]
            before_is_past = k == 0 or late > steps[k - 1].day
            if not before_is_past and at + 1 > 0:
                continue
            at += 1
            if before_is_past:
                timely.add(k)
        else:
            continue
        done.add(own_steps[at])
    return done, timely


def _not_too_firm(action, acts):
    noticed = any(late > 0 and a in ("formal_notice", "collection", "legal") for late, a, _ in acts)
    if action in ("collection", "legal") and not noticed:
        action = "formal_notice"
    if action == "formal_notice" and not any(a != "statement" for _, a, _ in acts):
        action = "warning"
    return action
