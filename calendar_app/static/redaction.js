// The editors' room only. Nothing here is needed: every page works without it.
"use strict";
