"""Settings for the operator, and the configuration of the programs around Kwip."""
