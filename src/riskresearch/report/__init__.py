"""The report stage: what management reads. Takes tables, labels, rounds, translates and draws; computes nothing."""
