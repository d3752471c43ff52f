"""Taking out what was counted: facts as files, a site as one archive, reports as tables."""
