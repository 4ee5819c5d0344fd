/* Reads a calendar on standard input and writes what libical makes of each of its zones: a line with
   the zone's name, then one for each local time with its UTC instant.
   Arguments: the first local time, in seconds as if it were UTC, the seconds of a step, how many. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static char text[1 << 22];
    if (argc != 4) return 2;
    time_t from = (time_t)atoll(argv[1]);
    long step = atol(argv[2]), count = atol(argv[3]);
    text[fread(text, 1, sizeof text - 1, stdin)] = '\0';
    icalcomponent *calendar = icalparser_parse_string(text);
    if (!calendar || icalcomponent_count_errors(calendar)) return 3;
    icaltimezone *utc = icaltimezone_get_utc_timezone();
    icalcomponent *found;
    while ((found = icalcomponent_get_first_component(calendar, ICAL_VTIMEZONE_COMPONENT))) {
        icalcomponent_remove_component(calendar, found);
        icaltimezone *zone = icaltimezone_new();
        if (!icaltimezone_set_component(zone, found)) return 4;
        printf("%s\n", icaltimezone_get_tzid(zone));
        for (long number = 0; number < count; number++) {
            struct icaltimetype local = icaltime_from_timet_with_zone(from + number * step, 0, utc);
            local.zone = NULL;
            printf("%lld\n", (long long)icaltime_as_timet_with_zone(local, zone));
        }
        icaltimezone_free(zone, 1);
    }
    icalcomponent_free(calendar);
    return 0;
}
