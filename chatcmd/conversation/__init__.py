"""The conversation itself: values and rules, without clock, disk or network."""
