"""The catalogue

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "academy",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("of_name", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("collectivity", sa.Boolean(), nullable=False),
        sa.Column("holiday_calendar", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("former_names", sa.JSON(), nullable=False),
        sa.Column("attached_to", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attached_to"], ["academy.slug"], name=op.f("fk_academy_attached_to_academy")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_academy")),
        sa.UniqueConstraint("name", name=op.f("uq_academy_name")),
    )
    op.create_table(
        "catalogue",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_catalogue_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue")),
    )
    op.execute(
        "INSERT INTO catalogue (id, version, changed_at) VALUES (1, 0, '2020-01-01 00:00:00+00:00')"
    )
    op.create_table(
        "school_calendar",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("known", sa.JSON(), nullable=False),
        sa.Column("holidays", sa.JSON(), nullable=False),
        sa.CheckConstraint("slug <> ''", name=op.f("ck_school_calendar_slug")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_school_calendar")),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    op.create_table(
        "theme",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_theme")),
        sa.UniqueConstraint("name", name=op.f("uq_theme_name")),
    )
    op.create_table(
        "department",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("academy_slug", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["academy_slug"], ["academy.slug"], name=op.f("fk_department_academy_slug_academy")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_department")),
        sa.UniqueConstraint("name", name=op.f("uq_department_name")),
    )
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_department_academy_slug"), ["academy_slug"], unique=False
        )

    op.create_table(
        "event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("school_year", sa.Integer(), nullable=False),
        sa.Column("part_of_id", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "concours",
                "projet",
                "semaine",
                "rencontre",
                "formation",
                name="eventtype",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("organiser", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("source_name", sa.String(), nullable=False),
        sa.Column("source_link", sa.String(), nullable=True),
        sa.Column("registrants", sa.JSON(), nullable=False),
        sa.Column("ien_visa", sa.Boolean(), nullable=True),
        sa.Column("register_where", sa.String(), nullable=True),
        sa.Column("register_link", sa.String(), nullable=True),
        sa.Column("cost", sa.String(), nullable=True),
        sa.Column("places", sa.String(), nullable=True),
        sa.Column("sending", sa.JSON(), nullable=False),
        sa.Column("pupil_data", sa.JSON(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("imported_revision", sa.Integer(), nullable=True),
        sa.CheckConstraint("id <> ''", name=op.f("ck_event_id")),
        sa.CheckConstraint("title <> ''", name=op.f("ck_event_title")),
        sa.CheckConstraint("part_of_id <> id", name=op.f("ck_event_part_of_itself")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_event_revision")),
        sa.CheckConstraint("school_year BETWEEN 1900 AND 2199", name=op.f("ck_event_school_year")),
        sa.ForeignKeyConstraint(
            ["part_of_id"], ["event.id"], name=op.f("fk_event_part_of_id_event")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_event_series_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("series_id", "school_year", name=op.f("uq_event_series_id")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_part_of_id"), ["part_of_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_school_year"), ["school_year"], unique=False)

    op.create_table(
        "event_class",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_class_event_id_event")
        ),
        sa.PrimaryKeyConstraint("event_id", "slug", name=op.f("pk_event_class")),
    )
    with op.batch_alter_table("event_class", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_class_slug"), ["slug"], unique=False)

    op.create_table(
        "event_scope",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.CheckConstraint(
            "code = 'national' OR code LIKE 'region/_%' OR code LIKE 'academie/_%' OR code LIKE 'departement/_%'",
            name=op.f("ck_event_scope_code"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_scope_event_id_event")
        ),
        sa.PrimaryKeyConstraint("event_id", "code", name=op.f("pk_event_scope")),
    )
    with op.batch_alter_table("event_scope", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_scope_code"), ["code"], unique=False)

    op.create_table(
        "event_theme",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_theme_event_id_event")
        ),
        sa.ForeignKeyConstraint(["slug"], ["theme.slug"], name=op.f("fk_event_theme_slug_theme")),
        sa.PrimaryKeyConstraint("event_id", "slug", name=op.f("pk_event_theme")),
    )
    with op.batch_alter_table("event_theme", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_theme_slug"), ["slug"], unique=False)

    op.create_table(
        "milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "opening",
                "registration_deadline",
                "submission_deadline",
                "deadline",
                "session",
                "results",
                name="milestonekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=True),
        sa.Column("end_time", sa.Time(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column(
            "certainty",
            sa.Enum(
                "day",
                "approximate",
                name="certainty",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("phrase", sa.String(), nullable=True),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("moved_from_first_day", sa.Date(), nullable=True),
        sa.Column("moved_from_last_day", sa.Date(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "certainty <> 'approximate' OR phrase IS NOT NULL",
            name=op.f("ck_milestone_approximate_has_phrase"),
        ),
        sa.CheckConstraint(
            "(moved_from_first_day IS NULL) = (moved_from_last_day IS NULL)",
            name=op.f("ck_milestone_moved_from"),
        ),
        sa.CheckConstraint(
            "last_day > first_day OR start_time IS NULL OR end_time IS NULL OR end_time >= start_time",
            name=op.f("ck_milestone_order_of_hours"),
        ),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_milestone_order_of_days")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_milestone_event_id_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
        sa.UniqueConstraint("event_id", "key", name=op.f("uq_milestone_event_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_milestone_uid")),
    )
    with op.batch_alter_table("milestone", schema=None) as batch_op:
        batch_op.create_index("ix_milestone_days", ["last_day", "first_day"], unique=False)
        batch_op.create_index(batch_op.f("ix_milestone_event_id"), ["event_id"], unique=False)

    op.create_table(
        "milestone_scope",
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.CheckConstraint(
            "code = 'national' OR code LIKE 'region/_%' OR code LIKE 'academie/_%' OR code LIKE 'departement/_%'",
            name=op.f("ck_milestone_scope_code"),
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestone.id"],
            name=op.f("fk_milestone_scope_milestone_id_milestone"),
        ),
        sa.PrimaryKeyConstraint("milestone_id", "code", name=op.f("pk_milestone_scope")),
    )
    with op.batch_alter_table("milestone_scope", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_milestone_scope_code"), ["code"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("milestone_scope", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_milestone_scope_code"))

    op.drop_table("milestone_scope")
    with op.batch_alter_table("milestone", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_milestone_event_id"))
        batch_op.drop_index("ix_milestone_days")

    op.drop_table("milestone")
    with op.batch_alter_table("event_theme", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_theme_slug"))

    op.drop_table("event_theme")
    with op.batch_alter_table("event_scope", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_scope_code"))

    op.drop_table("event_scope")
    with op.batch_alter_table("event_class", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_class_slug"))

    op.drop_table("event_class")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_school_year"))
        batch_op.drop_index(batch_op.f("ix_event_part_of_id"))

    op.drop_table("event")
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_department_academy_slug"))

    op.drop_table("department")
    op.drop_table("theme")
    op.drop_table("series")
    op.drop_table("school_calendar")
    op.drop_table("catalogue")
    op.drop_table("academy")
