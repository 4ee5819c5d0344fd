"""The school in France: académies and places, classes, holidays, class days, local clocks.

Start with ``academies`` (who sees what) and ``class_days`` (leads and countdowns). The modules are
pure: texts and days come in, values go out. Events and milestones are not here, but in
``catalogue``.
"""
