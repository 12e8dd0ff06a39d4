"""The stages in a row: what each reads and writes, how a run is made, resumed and shown in notebooks."""
