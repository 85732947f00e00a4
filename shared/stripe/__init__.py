"""Stripe's events and their effects: kept and applied at once, or kept first and applied later (spec, section 5)."""
