"""Stripe's events and their effects: recorded first, then applied in one transaction (spec, section 5)."""
