"""Has PostgreSQL clear and measure the tables that change most after a fiftieth of them has changed, not a fifth.

Each attempt and each call is changed some five times, and every index of open ones keeps what has ended until then.
"""

from django.db import migrations

TABLES = ("campaigns_call", "campaigns_callattempt")
OFTEN = {
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_analyze_threshold": "1000",
}


def tidy_often(apps, schema_editor):
    _each(schema_editor, "SET", ", ".join(f"{name} = {value}" for name, value in OFTEN.items()))


def tidy_as_others(apps, schema_editor):
    _each(schema_editor, "RESET", ", ".join(OFTEN))


def _each(schema_editor, verb, what):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"ALTER TABLE {table} {verb} ({what})")


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0004_leaner_calls_and_numbers_first")]
    operations = [migrations.RunPython(tidy_often, tidy_as_others)]
