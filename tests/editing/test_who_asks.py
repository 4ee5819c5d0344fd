"""Every function of a room that writes is listed here: it checks a right, or needs none."""

from __future__ import annotations

import ast
from pathlib import Path

import calendar_app

#: What an editor does: each function checks a right, and ``test_rights.py`` tries it.
ASKED = """
events.save events.write letter_room.drop moderation.accept moderation.accept_certain
moderation.attach moderation.correct moderation.refuse proposals.propose agendas.add
agendas.follow agendas.pause agendas.refresh series_rules.end undo.undo
senders.declare senders.withdraw deciding.read_as deciding.refuse
"""
#: Why the other functions check no right: reason → functions.
NO_RIGHT = {
    # A visitor, within limits; or the holder of a link, which is itself the right.
    "the public": """
    asked.link asked.password asked.sign_up
    accounts.mail_forgotten_password accounts.log_in accounts.of_link
    accounts.set_password follows.answer
    follows.pick follows.take_back follows.unpick limits.forget limits.is_spent
    limits.take limits.wait personal_agenda.of_address personal_agenda.show_holidays
    personal_agenda.personal_feed personal_agenda.renew personal_agenda.start
    personal_agenda.stop subscriptions.ask_new_address subscriptions.change
    subscriptions.check_code subscriptions.come_back subscriptions.confirm
    subscriptions.confirm_new_address subscriptions.erase subscriptions.pause
    subscriptions.resend_confirmation subscriptions.resume subscriptions.send_link
    subscriptions.sign_up subscriptions.unsubscribe suggestions.forget suggestions.report
    suggestions.suggest
    """,
    # Commands: a person who may run them may open the store anyway.
    "an operator": """
    import_export.import_events drafts.import_letter receiving.receive accounts.add accounts.disable
    accounts.mail_link accounts.reset
    file_exchange.import_events_file file_exchange.import_holidays_file holidays_update.update
    outbox_status.apply_bounces outbox_status.drop outbox_status.retry outbox_status.status
    references.import_calendars references.load_reference setup.first_start
    setup.load_reference_files setup.make_ready
    """,
    # What the worker does by itself.
    "the program": """
    asked.answer asked.clean holidays_update.update_if_due traces.wipe
    attempts.gate attempts.note health.can_write link_checks.check_due link_checks.clean
    outbox.claim outbox.close_reminders outbox.finish_unsent outbox.release outbox.sweep
    outbox_status.beat outbox_status.clean_deliveries outbox_status.farewell renewal.renew
    planning.clean_send_days silence.clean
    receiving.clean receiving.release
    planning.plan_due agendas.due agendas.note_failure subscriptions.clean suggestions.clean
    """,
    # Parts of the functions above, inside the transaction of their caller.
    "a part": """
    drafts.import_reading receiving.import_parts receiving.keep_read receiving.read_waiting
    senders.declared forgetting.forget
    subscribers.agenda_changed subscribers.whether_or_not references.renew_calendars
    series_rules.write_end
    audience.recipients_query draft_facts.note_draft drafts.held_against_calendar
    following.take_reading
    moderation.point_others_to moderation.settle_repeated entry_rows.apply_entry journal.note
    outbox.finish outbox.still_owned
    outbox.queue_mail outbox.queue_other password_links.kill password_links.mail
    password_links.new password_links.open_link password_links.use_up
    send_days.dated send_days.due_send_days
    send_days.picked_from_outside send_days.places subscribers.activate subscribers.changing
    subscribers.set_state suggestions.answer
    """,
    # These functions write nothing.
    "a reading": """
    change_words.changed_parts deciding.facts drafts.new_draft events.imagined events.rebase
    health.has_worker letter_room.lines_of
    other_mails.read other_mails.somebody_waits rights.is_allowed
    setup.schema_state subscriptions.confirmation_expired
    """,
}
PACKAGE = Path(calendar_app.__file__).parent
WEB = PACKAGE / "web"
#: The rooms whose functions change the store.
ROOMS = (
    "store", "catalogue", "reminders", "editing", "editing/followed", "editing/mailbox",
)  # fmt: skip
#: Modules left out: connections, read queries and pure functions.
_NO_VERBS = ("base", "connections", "patient_postgresql", "queries", "versions", "facts")
_WRITES = ("writing(", "session.add", "session.execute(", "session.delete", ".connection()")


def that_may_write() -> set[str]:
    """Return the public functions of the rooms that contain a write or take ``now``, as every
    service that writes does."""
    found = set()
    for path in (path for room in ROOMS for path in (PACKAGE / room).glob("*.py")):
        if path.stem in _NO_VERBS:
            continue
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            arguments = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
            text = ast.unparse(node)
            if "now" in arguments or any(sign in text for sign in _WRITES):
                found.add(f"{path.stem}.{node.name}")
    return found


def test_every_function_that_writes_says_who_asks_for_its_right():
    """Add a new function to ASKED and to ``test_rights.py``, or to NO_RIGHT with its reason."""
    told = [ASKED, *NO_RIGHT.values()]
    names = [name for text in told for name in text.split()]
    assert len(names) == len(set(names))
    assert that_may_write() == set(names)


def test_no_page_does_what_only_the_program_or_an_operator_does():
    """The button that reads an agenda at once used to call the worker's unchecked function."""
    forbidden = {n for who in ("an operator", "the program") for n in NO_RIGHT[who].split()}
    for path in WEB.rglob("*.py"):
        named = {
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute)
        }
        assert not named & forbidden, path.name
