"""KPIs (핵심성과지표): measures the company watches continuously."""
