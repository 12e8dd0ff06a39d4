"""Makes tests/cases/insurance/oracle_aggregate.yaml: laws of yearly losses by aggregate 0.30.1, elsewhere installed.

needs: python -m pip install aggregate==0.30.1, in an environment of its own
Run:   python tests/oracles/insurance_aggregate.py

aggregate (S. Mildenhall) computes compound laws by Fourier transform. Three books it can express: a compound Poisson
law with terms on the claim and on the year; a binomial number of equal claims; a portfolio of buyers that default once
at most, independently, each with a claim of its own. It knows no common factor.
"""

from pathlib import Path

import aggregate
from aggregate import build

POISSON = {
    "frequency": 2.5,
    "severity_amounts": [1, 2, 4, 9],
    "severity_probabilities": [0.4, 0.3, 0.2, 0.1],
    "deducted_first_loss_amount": 1,
    "insured_ratio": 0.5,
    "limit_amount": 7,
    "first_loss_amount": 2,
    "maximum_amount": 5,
}
BINOMIAL = {"n_customers": 12, "p_default": 0.25, "loss_amount": 3}
BUYERS = {
    "p_default": [0.02, 0.05, 0.1, 0.2, 0.01, 0.35],
    "exposure_amount": [100, 40, 60, 20, 200, 10],
    "lgd_ratio": [0.5, 0.5, 0.5, 1.0, 0.25, 1.0],
    "limit_amount": [40, 40, 20, 10, 60, 0],
    "insured_ratio": 0.5,
    "first_loss_amount": 10,
    "maximum_amount": 20,
}
CONFIDENCES = [0.5, 0.9, 0.95, 0.99, 0.995]


def described(law, points):
    """Probabilities of the first amounts, mean and quantiles of a law."""
    frame = law.density_df
    return {
        "probabilities": [float(p) for p in frame["p_total"].iloc[:points]],
        "mean": float((frame["loss"] * frame["p_total"]).sum()),
        "quantiles": {str(a): float(law.q(a)) for a in CONFIDENCES},
        "expected_shortfalls": {str(a): float(law.tvar(a)) for a in CONFIDENCES},
    }


def poisson():
    given = POISSON
    sizes = f"dsev {given['severity_amounts']} {given['severity_probabilities']}"
    gross = build(f"agg Gross {given['frequency']} claims {sizes} poisson", bs=0.5, log2=10)
    layer = (given["limit_amount"] - given["deducted_first_loss_amount"], given["deducted_first_loss_amount"])
    claim = f"occurrence ceded to {given['insured_ratio']} so {layer[0]} xs {layer[1]}"
    claims = build(f"agg Claims {given['frequency']} claims {sizes} {claim} poisson", bs=0.5, log2=10)
    year = f"aggregate ceded to {given['maximum_amount']} xs {given['first_loss_amount']}"
    paid = build(f"agg Paid {given['frequency']} claims {sizes} {claim} poisson {year}", bs=0.5, log2=10)
    laws = {"gross": gross, "claims": claims, "paid": paid}
    return {"given": given, "step_amount": 0.5} | {name: described(law, 30) for name, law in laws.items()}


def binomial():
    mean = BINOMIAL["n_customers"] * BINOMIAL["p_default"]
    law = build(
        f"agg Number {mean} claims dsev [{BINOMIAL['loss_amount']}] binomial {BINOMIAL['p_default']}", bs=1, log2=8
    )
    return {"given": BINOMIAL, "step_amount": 1, "gross": described(law, 37)}


def portfolio(name, losses):
    """A law of the sum of what independent buyers lose."""
    lines = [
        f"    agg {name}{number} {p} claims dsev [{loss}] bernoulli"
        for number, (p, loss) in enumerate(zip(BUYERS["p_default"], losses, strict=True))
        if loss > 0
    ]
    return build("\n".join([f"port {name}", *lines]), bs=5, log2=8)


def buyers():
    losses = [e * x for e, x in zip(BUYERS["exposure_amount"], BUYERS["lgd_ratio"], strict=True)]
    covered = [BUYERS["insured_ratio"] * min(x, c) for x, c in zip(losses, BUYERS["limit_amount"], strict=True)]
    gross, claims = portfolio("Gross", losses), portfolio("Claims", covered)
    table = claims.density_df
    beyond = (table["loss"] - BUYERS["first_loss_amount"]).clip(lower=0)
    paid = float((beyond.clip(upper=BUYERS["maximum_amount"]) * table["p_total"]).sum())
    return {
        "given": BUYERS,
        "step_amount": 5,
        "gross": described(gross, 46),
        "claims": described(claims, 20),
        "paid_mean": paid,
    }


def rounded(value):
    """Nested plain values, numbers to 12 digits."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return 0.0 if isinstance(value, float) and abs(value) < 1e-14 else value


def lines(value, indent=""):
    """YAML of nested plain values."""
    for key, each in value.items():
        if isinstance(each, dict):
            yield f"{indent}{key!s}:" if not key[0].isdigit() else f'{indent}"{key}":'
            yield from lines(each, indent + "  ")
        else:
            yield f'{indent}"{key}": {each}' if key[0].isdigit() else f"{indent}{key}: {each}"


if __name__ == "__main__":
    cases = {
        "source": {"package": "aggregate", "version": aggregate.__version__},
        "poisson": poisson(),
        "binomial": binomial(),
        "buyers": buyers(),
    }
    head = "# Laws of yearly losses by the package aggregate; made by tests/oracles/insurance_aggregate.py.\n"
    target = Path(__file__).parents[1] / "cases" / "insurance" / "oracle_aggregate.yaml"
    target.write_text(head + "\n".join(lines(rounded(cases))) + "\n", encoding="utf-8")
