"""What every stage stands on: errors, table dictionary, settings, registries, run folder."""
