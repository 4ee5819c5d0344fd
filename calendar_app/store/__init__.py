"""The store itself: connections, transactions, limits. It knows no noun of the calendar."""
