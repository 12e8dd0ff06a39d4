"""What the open items will bring in, week by week, and how well that was foreseen so far."""
