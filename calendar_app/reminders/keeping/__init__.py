"""What outlives the loss of a store: backups, the ledger of departures, and held sending."""
