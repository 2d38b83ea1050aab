"""Advice (조언) on goals and KPIs, as the product's documents give it. Pure, and stored nowhere."""
