"""From raw log-odds to probabilities of default: calibration, long-run level, cycle, margin, interval."""
