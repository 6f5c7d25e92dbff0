/* The HTML parser of libxml2, and nothing else of it. */
#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
