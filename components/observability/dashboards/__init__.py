"""Dashboards as code: each module holds one, as typed panels that render to Grafana's JSON."""
