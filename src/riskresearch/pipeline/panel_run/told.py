"""What the command line says of a finished run of a customer panel."""

from riskresearch.base.run import RunFolder
from riskresearch.pipeline.panel_run.delivery import PANEL_STAGES, left_out_stages
from riskresearch.pipeline.stages import stage_named


def panel_summary(folder: RunFolder) -> str:
    """Return the counts of a panel's run by use of the rows, the stages it went through and not, and its gaps.

    Parameters
    ----------
    folder : run folder, after the run
    """
    record = folder.record()
    facts, counts = record["facts"], folder.read("sample_counts")
    lines = [
        f"Panel {facts['source_name']} by mapping {facts['mapping_name']}, as of {record['as_of']}: default within "
        f"{facts['horizon_months']} month(s)"
    ]
    for row in counts.to_dict("records"):
        why = "" if row["reason_code"] == "none" else f" ({row['reason_code']})"
        told = f", {row['n_defaulters']} in default" if row["sample_code"] in ("development", "out_of_time") else ""
        lines.append(f"  {row['sample_code'] + why:<24} {row['n_rows']:>8} rows, {row['n_customers']} customers{told}")
    finished = [name for name in PANEL_STAGES if stage_named(name).notebook in record.get("notebooks", {})]
    lines.append(f"Stages run: {', '.join(finished) or 'none'}")
    lines.append(f"Not run, they need invoices: {', '.join(left_out_stages())}")
    lines.append("What this panel cannot tell:")
    lines += [f"  {row['gap_code']}: {row['effect']}" for row in folder.read("gaps").to_dict("records")]
    return "\n".join(lines)
