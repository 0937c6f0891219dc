import sys
from kernmini import install_kernelspec, run_kernel


class Shout:
    def set_stream_sender(self, sender):
        pass

    def kernel_info(self):
        return {
            "implementation": "shout",
            "implementation_version": "1.0",
            "banner": "shout",
            "language_info": {
                "name": "shout",
                "version": "1.0",
                "mimetype": "text/plain",
                "file_extension": ".shout",
            },
        }

    async def execute(self, code, **more):
        return {"result": {"text/plain": code.upper()}}


if __name__ == "__main__":
    if sys.argv[1:] == ["install"]:
        install_kernelspec(
            "shout", [sys.executable, "-m", "shout", "{connection_file}"], "Shout", "shout"
        )
    else:
        run_kernel(sys.argv[-1], Shout, own_process_group=True)
