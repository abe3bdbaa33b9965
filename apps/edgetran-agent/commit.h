#pragma once

/// The commit that the program was built from, "+changes" behind it where the tree had others;
/// empty where it was built outside a repository.
extern const char* const kCommit;
