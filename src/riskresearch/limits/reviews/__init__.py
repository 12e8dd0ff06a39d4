"""Reviews of limits: what calls for one, when it is due, and what follows."""
