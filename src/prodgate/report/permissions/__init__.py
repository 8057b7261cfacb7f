"""The part of a report on what principals can become."""
