"""The end-to-end layer: pages, journeys and probes of a site."""
