# Writes OUT, a source file that names the commit of SOURCE, and touches it only where that changed:
# run at every build. Without git or outside a repository (a source archive) the name is empty; a
# tree with changes that are not committed is marked.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty=+changes --abbrev=12 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
file(CONFIGURE OUTPUT ${OUT} CONTENT "#include \"commit.h\"

const char* const kCommit = \"${commit}\";
" @ONLY)
