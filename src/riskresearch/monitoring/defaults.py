"""Default rule tables: scenarios of dunning, legal ceilings of terms, terms by segment and tenure."""

from datetime import date

from riskresearch.monitoring.rules import Ceiling, Step, TermsRule

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

_FR, _EU = "FR", "EU"
_LME = date(2009, 1, 1)
TERMS_CEILINGS: tuple[Ceiling, ...] = (
    Ceiling(
        country_code=_FR,
        start_date=_LME,
        max_days=60,
        source="Code de commerce L441-10 I: 60 days from the date of issue",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="periodic",
        start_date=date(2014, 3, 19),
        max_days=45,
        source="Code de commerce L441-10 I: periodic invoices, 45 days from the date of issue",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="transport",
        start_date=date(2006, 1, 6),
        max_days=30,
        source="Code de commerce L441-11 II (5): 30 days from the date of issue",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="perishable_food",
        start_date=_LME,
        max_days=30,
        source="Code de commerce L441-11 II (1): 30 days after delivery; before 2021-11 after its ten-day period",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="fresh_meat",
        start_date=_LME,
        max_days=20,
        source="Code de commerce L441-11 II (2): 20 days after delivery",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="alcohol",
        start_date=_LME,
        max_days=30,
        source="Code de commerce L441-11 II (3): 30 days after the month of delivery, here without the month",
    ),
    Ceiling(
        country_code=_FR,
        buyer_code="public",
        start_date=date(2013, 5, 1),
        max_days=30,
        source="Code de la commande publique R2192-10: 30 days, State and local bodies",
    ),
    Ceiling(
        country_code=_EU,
        start_date=date(2013, 3, 16),
        max_days=60,
        source="Directive 2011/7/EU art. 3(5): 60 days unless expressly agreed and not grossly unfair",
    ),
    Ceiling(
        country_code=_EU,
        buyer_code="public",
        start_date=date(2013, 3, 16),
        max_days=30,
        source="Directive 2011/7/EU art. 4(3): 30 days",
    ),
)

_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU_COUNTRIES = tuple(_UNION.split())

TERMS_RULES: tuple[TermsRule, ...] = (
    TermsRule(segment_code="reliable", tenure_code="new", max_days=30),
    TermsRule(segment_code="reliable", tenure_code="established", max_days=60, request_days=45),
    TermsRule(segment_code="reliable", tenure_code="loyal", max_days=60, request_days=60),
    TermsRule(segment_code="to_watch", tenure_code="new", max_days=30, below_law_days=15),
    TermsRule(segment_code="to_watch", tenure_code="established", max_days=45, below_law_days=15),
    TermsRule(segment_code="to_watch", tenure_code="loyal", max_days=45, below_law_days=15),
    *(
        TermsRule(segment_code=segment, tenure_code=tenure, max_days=0)
        for segment in ("risky", "defaulted")
        for tenure in ("new", "established", "loyal")
    ),
)
"""Source: domain note C3 (reliable up to the law, to watch 15 days below, new 30 net, risky and in default cash)."""
