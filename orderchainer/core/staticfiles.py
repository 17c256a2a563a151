"""How production collects static files.

Each file gets a name with a hash of its content, so browsers may keep it for ever. References
within files have to change with it. Django does that for style sheets; for ES modules it has to be
asked. Django finds imports with regular expressions, so ours keep two rules, which a test holds:
each import is relative and ends in `;`, and no comment contains one.
"""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Collect files under hashed names, compressed, with the imports of ES modules rewritten."""

    support_js_module_import_aggregation = True
