"""Replay of history under other limits: what they would have sold, lost and spared."""
