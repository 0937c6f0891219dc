from metakernel import MetaKernel


class Shout(MetaKernel):
    implementation = banner = "shout"
    implementation_version = language_version = "1.0"
    language = "shout"
    language_info = {
        "name": "shout",
        "version": "1.0",
        "mimetype": "text/plain",
        "file_extension": ".shout",
    }
    kernel_json = {
        "argv": ["python", "-m", "shout", "-f", "{connection_file}"],
        "display_name": "Shout",
        "language": "shout",
        "name": "shout",
    }

    def get_usage(self):
        return "shouts"

    def do_execute_direct(self, code, silent=False):
        return code.upper()


if __name__ == "__main__":
    Shout.run_as_main()
