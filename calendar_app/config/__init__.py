"""The settings of an installation, where its folders are, and how long it keeps what."""
