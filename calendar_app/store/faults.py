"""Why a store does not answer: one class for each thing that a person does about it."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class Fault(StrEnum):
    """The classes of faults, as the log names them."""

    REFUSED = "refused"
    PASSWORD = "password"  # noqa: S105 (the name of a class)
    MISSING = "missing"
    LOCKED = "locked"
    FULL = "full"
    READ_ONLY = "read-only"
    SCHEMA = "schema"
    SILENT = "silent"
    BUSY = "busy"
    DAMAGED = "damaged"
    OTHER = "other"

    @property
    def todo(self) -> str:
        """What a person does about it: a French sentence."""
        return _TODO[self]


_TODO = {
    Fault.REFUSED: "Aucun serveur de base de données n'écoute à l'adresse de "
    "CALENDAR_DATABASE_URL : démarrez-le, ou corrigez l'adresse.",
    Fault.PASSWORD: "Le serveur de base de données refuse le nom ou le mot de passe de "
    "CALENDAR_DATABASE_URL.",
    Fault.MISSING: "La base que désigne CALENDAR_DATABASE_URL n'existe pas, ou n'est plus là.",
    Fault.LOCKED: "Un autre programme tient la base verrouillée : trouvez lequel, et attendez "
    "qu'il ait fini ou arrêtez-le.",
    Fault.FULL: "Le disque de la base est plein : faites de la place.",
    Fault.READ_ONLY: "La base ne s'écrit pas : vérifiez les droits du dossier et du fichier.",
    Fault.SCHEMA: "La base n'a pas le schéma de ce programme : lancez « calendar-app migrate ».",
    Fault.SILENT: "Le serveur de base de données ne répond pas : voyez s'il tourne et si son "
    "disque suit.",
    Fault.BUSY: "Toutes les connexions à la base sont prises : augmentez leur nombre, ou lancez "
    "moins de processus.",
    Fault.DAMAGED: "Le fichier de la base est abîmé : gardez-le, et restaurez une sauvegarde.",
    Fault.OTHER: "La base de données ne répond pas comme il faut.",
}

#: Beginning of a SQLite error name → its class. The longest one that fits decides.
_SQLITE = {
    "SQLITE_BUSY": Fault.LOCKED,
    "SQLITE_LOCKED": Fault.LOCKED,
    "SQLITE_FULL": Fault.FULL,
    "SQLITE_READONLY": Fault.READ_ONLY,
    "SQLITE_CANTOPEN": Fault.MISSING,
    "SQLITE_IOERR": Fault.FULL,
    "SQLITE_CORRUPT": Fault.DAMAGED,
    "SQLITE_NOTADB": Fault.DAMAGED,
}
#: The same for the SQLSTATE of PostgreSQL (its manual, appendix A).
_POSTGRESQL = {
    "28": Fault.PASSWORD,
    "3D": Fault.MISSING,
    "42P01": Fault.SCHEMA,
    "42703": Fault.SCHEMA,
    "53100": Fault.FULL,
    "53300": Fault.BUSY,
    "25006": Fault.READ_ONLY,
    "55P03": Fault.LOCKED,
    "40P01": Fault.LOCKED,
    "57P": Fault.REFUSED,
}
#: What a driver says without a code.
_WORDS = {
    "no such table": Fault.SCHEMA,
    "no such column": Fault.SCHEMA,
    "without its journal": Fault.MISSING,
    "file of the store is gone": Fault.MISSING,
    "password authentication failed": Fault.PASSWORD,
    "no password supplied": Fault.PASSWORD,
    "does not exist": Fault.MISSING,
    "too many clients": Fault.BUSY,
    "remaining connection slots": Fault.BUSY,
    "connection refused": Fault.REFUSED,
    "no such file or directory": Fault.REFUSED,
    "could not translate host name": Fault.REFUSED,
    "starting up": Fault.REFUSED,
    "shutting down": Fault.REFUSED,
    "timeout": Fault.SILENT,
    "timed out": Fault.SILENT,
    "did not answer": Fault.SILENT,
    "closed the connection": Fault.REFUSED,
}


def fault_of(error: BaseException) -> Fault:
    """Return the class of an error of SQLAlchemy, or of the driver's error inside it."""
    if isinstance(error, PoolTimeoutError):
        return Fault.BUSY
    cause = getattr(error, "orig", None) or error
    name = getattr(cause, "sqlite_errorname", None)
    for code, known in ((name, _SQLITE), (getattr(cause, "sqlstate", None), _POSTGRESQL)):
        fits = [start for start in known if code and str(code).startswith(start)]
        if fits:
            return known[max(fits, key=len)]
    said = str(cause).lower()
    return next((fault for words, fault in _WORDS.items() if words in said), Fault.OTHER)


def log_words(error: BaseException) -> str:
    """Return a fault and the class of its error for the log: the text of the error may hold what a
    person typed."""
    return f"{fault_of(error).value} ({type(getattr(error, 'orig', error)).__name__})"
