"""A run in the formats of others. Each says the verdict, and none loses what is undetermined or waived."""
