from polykernel import Language, hookimpl


@hookimpl
def polykernel_languages():
    return [
        Language(
            name="shout",
            display_name="Shout",
            version="1.0",
            mimetype="text/plain",
            file_extension=".shout",
            evaluator="polykernel_shout.evaluator:Shout",
        )
    ]
