"""The credit policy: a dated file that says who may owe how much, for how long and against what security."""
