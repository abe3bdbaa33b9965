# Writes OUT, a header that names the commit of SOURCE, and touches it only where that changed: run
# at every build. Without git or outside a repository (a source archive) the name is empty; a tree
# with changes that are not committed is marked.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty=+changes --abbrev=12 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
file(CONFIGURE OUTPUT ${OUT} CONTENT "#pragma once

inline constexpr const char* kCommit = \"${commit}\";
" @ONLY)
