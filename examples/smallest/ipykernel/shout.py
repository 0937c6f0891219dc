from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class Shout(Kernel):
    implementation = banner = "shout"
    implementation_version = "1.0"
    language_info = {
        "name": "shout",
        "version": "1.0",
        "mimetype": "text/plain",
        "file_extension": ".shout",
    }

    def do_execute(
        self, code, silent, store_history=True, user_expressions=None, allow_stdin=False, **more
    ):
        if not silent:
            self.send_response(
                self.iopub_socket,
                "execute_result",
                {
                    "execution_count": self.execution_count,
                    "data": {"text/plain": code.upper()},
                    "metadata": {},
                },
            )
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": [],
            "user_expressions": {},
        }


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=Shout)
